/** Writes protobuf. A message inside another one is a Buffer of its own, which costs a copy a level. */
export interface WireWriter {
  text(field: number, text: string): void
  bytes(field: number, bytes: Uint8Array): void
  varint(field: number, value: number | bigint): void
  fixed64(field: number, value: bigint): void
  double(field: number, value: number): void
  message(field: number, write: (inner: WireWriter) => void): void
}

/** The bytes of what is written. */
export function written(write: (to: WireWriter) => void): Buffer {
  const parts: Uint8Array[] = []
  const writer: WireWriter = {
    text: (field, text) => writer.bytes(field, Buffer.from(text)),
    bytes(field, bytes) {
      parts.push(head(field, 2), varintBytes(BigInt(bytes.length)), bytes)
    },
    varint(field, value) {
      parts.push(head(field, 0), varintBytes(BigInt.asUintN(64, BigInt(value))))
    },
    fixed64(field, value) {
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64LE(value)
      parts.push(head(field, 1), bytes)
    },
    double(field, value) {
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleLE(value)
      parts.push(head(field, 1), bytes)
    },
    message: (field, inner) => writer.bytes(field, written(inner)),
  }
  write(writer)
  return Buffer.concat(parts)
}

function head(field: number, type: number): Uint8Array {
  return varintBytes(BigInt((field << 3) | type))
}

function varintBytes(given: bigint): Uint8Array {
  const bytes: number[] = []
  let value = given
  while (value >= 0x80n) {
    bytes.push(Number(value & 0x7fn) | 0x80)
    value >>= 7n
  }
  bytes.push(Number(value))
  return Uint8Array.from(bytes)
}
