import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot } from "./lab";

/** What the tiny guest says on its console once it runs. */
export const tinyGuestSays = "tiny guest is up";

/**
 * A kernel of a few hundred bytes for MicroVMs of which only the host's side matters: it says a line on the serial
 * console and halts, so that under software emulation it takes no processor from what is measured or tested.
 */
export function tinyGuest(): string {
  const path = join(cacheRoot(), "tiny-guest-1.elf");
  if (!existsSync(path)) {
    mkdirSync(cacheRoot(), { recursive: true });
    writeFileSync(`${path}.${process.pid}`, elf());
    renameSync(`${path}.${process.pid}`, path);
  }
  return path;
}

const base = 0x100000;

/** Entered in 32-bit protected mode with flat segments, as the PVH boot protocol says. */
function code(at: number): Buffer {
  const text = Buffer.from(`${tinyGuestSays}\n\0`, "latin1");
  const program = Buffer.from([
    ...[0xfa], //                          cli
    ...[0x66, 0xba, 0xf8, 0x03], //        mov dx, 0x3f8        the first serial port; QEMU's takes any byte at once
    ...[0xbe, 0, 0, 0, 0], //              mov esi, text
    ...[0xac], //                    next: lodsb
    ...[0x84, 0xc0], //                    test al, al
    ...[0x74, 0x03], //                    jz halt
    ...[0xee], //                          out dx, al
    ...[0xeb, 0xf8], //                    jmp next
    ...[0xf4], //                    halt: hlt
    ...[0xeb, 0xfd], //                    jmp halt
  ]);
  program.writeUInt32LE(at + program.length, 6);
  return Buffer.concat([program, text]);
}

/** An ELF file of one segment, with the note that tells a PVH loader where to enter. */
function elf(): Buffer {
  const [header, segment] = [52, 32];
  const note = Buffer.alloc(20);
  const noteAt = header + 2 * segment;
  const codeAt = noteAt + note.length;
  note.writeUInt32LE(4, 0); // length of the name
  note.writeUInt32LE(4, 4); // length of the value
  note.writeUInt32LE(18, 8); // XEN_ELFNOTE_PHYS32_ENTRY
  note.write("Xen\0", 12, "latin1");
  note.writeUInt32LE(base + codeAt, 16);
  const body = code(base + codeAt);
  const size = codeAt + body.length;
  const head = Buffer.alloc(header);
  head.write("\x7fELF\x01\x01\x01", 0, "latin1"); // 32 bits, little-endian, version 1
  head.writeUInt16LE(2, 16); // an executable
  head.writeUInt16LE(3, 18); // for the i386
  head.writeUInt32LE(1, 20);
  head.writeUInt32LE(base + codeAt, 24); // entry
  head.writeUInt32LE(header, 28); // where the segments are listed
  head.writeUInt16LE(header, 40);
  head.writeUInt16LE(segment, 42);
  head.writeUInt16LE(2, 44);
  return Buffer.concat([
    head,
    segmentHeader(1, 0, size, 7), // loaded, whole
    segmentHeader(4, noteAt, note.length, 4), // note
    note,
    body,
  ]);
}

function segmentHeader(type: number, at: number, size: number, flags: number): Buffer {
  const header = Buffer.alloc(32);
  [type, at, base + at, base + at, size, size, flags, 4].forEach((value, index) => {
    header.writeUInt32LE(value, index * 4);
  });
  return header;
}
