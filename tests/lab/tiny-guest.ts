import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot } from "./lab";

/** What the tiny guest says on its console once it runs. */
export const tinyGuestSays = "tiny guest is up";

/** What it does once it has said so. */
export type Afterwards = keyof typeof afterwards;

/**
 * A kernel of a few hundred bytes for MicroVMs of which only the host's side matters: it says a line on the serial
 * console and halts, so that it takes no processor from what is measured or tested, or does something else that a VMM
 * must answer to. QEMU, Firecracker and Cloud Hypervisor boot it by its PVH note, where KVM is only emulated too.
 */
export function tinyGuest(then: Afterwards = "halt"): string {
  const path = join(cacheRoot(), `tiny-guest-5-${then}.elf`);
  if (!existsSync(path)) {
    mkdirSync(cacheRoot(), { recursive: true });
    writeFileSync(`${path}.${process.pid}`, elf(then));
    renameSync(`${path}.${process.pid}`, path);
  }
  return path;
}

const base = 0x100000;

const halt = [
  ...[0xf4], //                          hlt
  ...[0xeb, 0xfd], //                    jmp -1
];
const delay = [
  ...[0x0f, 0x31], //                    rdtsc
  ...[0x89, 0xd6], //                    mov esi, edx
  ...[0x0f, 0x31], //              wait: rdtsc                 its upper half counts 2^32 cycles, a second or two
  ...[0x29, 0xf2], //                    sub edx, esi
  ...[0x83, 0xfa, 0x02], //              cmp edx, 2
  ...[0x72, 0xf7], //                    jb wait
];
const afterwards = {
  halt,
  /** After some seconds the keyboard controller's reset line: Firecracker ends, the others boot the guest again. */
  reset: [
    ...delay,
    ...[0xb0, 0xfe], //                    mov al, 0xfe
    ...[0xe6, 0x64], //                    out 0x64, al
    ...halt,
  ],
  /** After some seconds the sleep register that Cloud Hypervisor's ACPI tables tell: it ends. */
  poweroff: [
    ...delay,
    ...[0x66, 0xba, 0x00, 0x06], //        mov dx, 0x600
    ...[0xb0, 0x34], //                    mov al, 0x34          S5, and the bit that sets off
    ...[0xee], //                          out dx, al
    ...halt,
  ],
  /** Digits, one after another, so that it shows from outside whether it runs. */
  count: [
    ...[0xb3, 0x30], //                    mov bl, '0'
    ...[0x88, 0xd8], //              next: mov al, bl
    ...[0xee], //                          out dx, al
    ...[0xb0, 0x0a], //                    mov al, '\n'
    ...[0xee], //                          out dx, al
    ...[0xfe, 0xc3], //                    inc bl
    ...[0x80, 0xfb, 0x3a], //              cmp bl, '9' + 1
    ...[0x75, 0x02], //                    jne wait
    ...[0xb3, 0x30], //                    mov bl, '0'
    ...[0xb9, 0x00, 0x40, 0x00, 0x00], // wait: mov ecx, 0x4000
    ...[0xe2, 0xfe], //                    loop -0
    ...[0xeb, 0xe8], //                    jmp next
  ],
} as const;

/** Entered in 32-bit protected mode with flat segments, as the PVH boot protocol says. */
function code(at: number, then: Afterwards): Buffer {
  const text = Buffer.from(`${tinyGuestSays}\n\0`, "latin1");
  const program = Buffer.from([
    ...[0xfa], //                          cli
    ...[0x66, 0xba, 0xf8, 0x03], //        mov dx, 0x3f8        the first serial port; all take any byte at once
    ...[0xbe, 0, 0, 0, 0], //              mov esi, text
    ...[0xac], //                    next: lodsb
    ...[0x84, 0xc0], //                    test al, al
    ...[0x74, 0x03], //                    jz afterwards
    ...[0xee], //                          out dx, al
    ...[0xeb, 0xf8], //                    jmp next
    ...afterwards[then],
  ]);
  program.writeUInt32LE(at + program.length, 6);
  return Buffer.concat([program, text]);
}

/** An ELF file of one segment, with the note that tells a PVH loader where to enter. */
function elf(then: Afterwards): Buffer {
  const [header, segment] = [64, 56];
  const note = Buffer.alloc(20);
  const noteAt = header + 2 * segment;
  const codeAt = noteAt + note.length;
  note.writeUInt32LE(4, 0); // length of the name
  note.writeUInt32LE(4, 4); // length of the value
  note.writeUInt32LE(18, 8); // XEN_ELFNOTE_PHYS32_ENTRY
  note.write("Xen\0", 12, "latin1");
  note.writeUInt32LE(base + codeAt, 16);
  const body = code(base + codeAt, then);
  const size = codeAt + body.length;
  const head = Buffer.alloc(header);
  head.write("\x7fELF\x02\x01\x01", 0, "latin1"); // 64 bits, little-endian, version 1
  head.writeUInt16LE(2, 16); // an executable
  head.writeUInt16LE(62, 18); // for x86-64
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(BigInt(base + codeAt), 24); // entry
  head.writeBigUInt64LE(BigInt(header), 32); // where the segments are listed
  head.writeUInt16LE(header, 52);
  head.writeUInt16LE(segment, 54);
  head.writeUInt16LE(2, 56);
  return Buffer.concat([
    head,
    segmentHeader(1, 0, size, 7), // loaded, whole
    segmentHeader(4, noteAt, note.length, 4), // note
    note,
    body,
  ]);
}

function segmentHeader(type: number, at: number, size: number, flags: number): Buffer {
  const header = Buffer.alloc(56);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(flags, 4);
  [at, base + at, base + at, size, size, 4].forEach((value, index) => {
    header.writeBigUInt64LE(BigInt(value), 8 + index * 8);
  });
  return header;
}
