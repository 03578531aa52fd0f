/**
 * A static x86-64 program that prints a text and ends: it stands in for one of which a test needs its version only. By
 * hand, since a program is not to depend on a compiler where tests run.
 */
export function versionProgram(text: string): Buffer {
  const message = Buffer.from(`${text}\n`);
  const code = Buffer.from([
    ...[0xb8, 1, 0, 0, 0], //                      mov eax, 1           write
    ...[0xbf, 1, 0, 0, 0], //                      mov edi, 1           to standard output
    ...[0x48, 0x8d, 0x35, 16, 0, 0, 0], //         lea rsi, [rip + 16]  what follows this code
    ...[0xba, message.length, 0, 0, 0], //         mov edx, length
    ...[0x0f, 0x05], //                            syscall
    ...[0xb8, 60, 0, 0, 0], //                     mov eax, 60          exit
    ...[0x31, 0xff], //                            xor edi, edi
    ...[0x0f, 0x05], //                            syscall
  ]);
  const [base, headers] = [0x400000, 64 + 56];
  const size = headers + code.length + message.length;
  const head = Buffer.alloc(headers);
  head.write("\x7fELF\x02\x01\x01", 0, "latin1"); // 64 bits, little-endian, version 1
  head.writeUInt16LE(2, 16); // an executable
  head.writeUInt16LE(62, 18); // for x86-64
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(BigInt(base + headers), 24); // entry
  head.writeBigUInt64LE(64n, 32); // where its segment is told
  head.writeUInt16LE(64, 52);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(1, 56);
  head.writeUInt32LE(1, 64); // loaded
  head.writeUInt32LE(5, 68); // readable, executable
  head.writeBigUInt64LE(BigInt(base), 80);
  head.writeBigUInt64LE(BigInt(base), 88);
  head.writeBigUInt64LE(BigInt(size), 96);
  head.writeBigUInt64LE(BigInt(size), 104);
  head.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([head, code, message]);
}
