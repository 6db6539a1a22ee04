import { writeFileSync } from 'node:fs'

/**
 * Writes a model for llama.cpp: a Llama of one layer with made-up weights, whose tokens are bytes. It
 * answers chat requests with nonsense, in 150 KB.
 */
export function writeTinyGguf(file: string): void {
  const tensors = tensorsOf()
  const head = new Writer()
  head.bytes(Buffer.from('GGUF'))
  head.u32(3)
  head.u64(tensors.length)
  head.u64(Object.keys(METADATA).length)
  for (const [key, value] of Object.entries(METADATA)) {
    head.text(key)
    head.value(value)
  }
  let offset = 0
  for (const { name, shape, data } of tensors) {
    head.text(name)
    head.u32(shape.length)
    for (const size of shape) head.u64(size)
    head.u32(F32)
    head.u64(offset)
    offset += aligned(data.byteLength)
  }
  const body = tensors.flatMap(({ data }) => [
    Buffer.from(data.buffer),
    Buffer.alloc(aligned(data.byteLength) - data.byteLength),
  ])
  const begin = head.all()
  const padding = Buffer.alloc(aligned(begin.length) - begin.length)
  writeFileSync(file, Buffer.concat([begin, padding, ...body]))
}

const WIDTH = 64
const HEADS = 4
const INNER = 96
const CONTEXT = 512

/** `<unk>`, `<s>`, `</s>`, and one token for each byte. */
const TOKENS = [
  ...['<unk>', '<s>', '</s>'],
  ...Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  ),
]
const UNKNOWN = 2
const CONTROL = 3
const BYTE = 6

interface U32 {
  readonly u32: number
}
interface F32Value {
  readonly f32: number
}
type Value = string | U32 | F32Value | readonly string[] | readonly F32Value[] | { i32s: number[] }

const u32 = (n: number): U32 => ({ u32: n })
const f32 = (n: number): F32Value => ({ f32: n })

const METADATA: Record<string, Value> = {
  'general.architecture': 'llama',
  'general.name': 'tiny',
  'general.alignment': u32(32),
  'llama.context_length': u32(CONTEXT),
  'llama.embedding_length': u32(WIDTH),
  'llama.block_count': u32(1),
  'llama.feed_forward_length': u32(INNER),
  'llama.attention.head_count': u32(HEADS),
  'llama.attention.head_count_kv': u32(HEADS),
  'llama.attention.layer_norm_rms_epsilon': f32(1e-5),
  'llama.rope.dimension_count': u32(WIDTH / HEADS),
  'llama.vocab_size': u32(TOKENS.length),
  'tokenizer.ggml.model': 'llama',
  'tokenizer.ggml.tokens': TOKENS,
  'tokenizer.ggml.scores': TOKENS.map(() => f32(0)),
  'tokenizer.ggml.token_type': {
    i32s: TOKENS.map((_, i) => (i === 0 ? UNKNOWN : i < 3 ? CONTROL : BYTE)),
  },
  'tokenizer.ggml.bos_token_id': u32(1),
  'tokenizer.ggml.eos_token_id': u32(2),
  'tokenizer.ggml.unknown_token_id': u32(0),
  'tokenizer.chat_template':
    "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:",
}

interface Tensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: Float32Array
}

function tensorsOf(): Tensor[] {
  const block = 'blk.0.'
  return [
    weights('token_embd.weight', [WIDTH, TOKENS.length]),
    ones('output_norm.weight'),
    weights('output.weight', [WIDTH, TOKENS.length]),
    ones(`${block}attn_norm.weight`),
    ...['q', 'k', 'v', 'output'].map((name) =>
      weights(`${block}attn_${name}.weight`, [WIDTH, WIDTH]),
    ),
    ones(`${block}ffn_norm.weight`),
    weights(`${block}ffn_gate.weight`, [WIDTH, INNER]),
    weights(`${block}ffn_up.weight`, [WIDTH, INNER]),
    weights(`${block}ffn_down.weight`, [INNER, WIDTH]),
  ]
}

/** The same numbers each time. */
function weights(name: string, shape: readonly number[]): Tensor {
  const length = shape.reduce((product, size) => product * size, 1)
  let state = 1 + length
  const data = Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state / 0x7fffffff - 0.5) * 0.4
  })
  return { name, shape, data }
}

function ones(name: string): Tensor {
  return { name, shape: [WIDTH], data: new Float32Array(WIDTH).fill(1) }
}

const F32 = 0
const ALIGNMENT = 32

function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT
}

const TYPES = { u32: 4, i32: 5, f32: 6, text: 8, array: 9 }

/** Writes the parts of a GGUF's head, little-endian. */
class Writer {
  readonly #parts: Buffer[] = []

  bytes(part: Buffer): void {
    this.#parts.push(part)
  }

  u32(n: number): void {
    const part = Buffer.alloc(4)
    part.writeUInt32LE(n)
    this.bytes(part)
  }

  u64(n: number): void {
    const part = Buffer.alloc(8)
    part.writeBigUInt64LE(BigInt(n))
    this.bytes(part)
  }

  f32(n: number): void {
    const part = Buffer.alloc(4)
    part.writeFloatLE(n)
    this.bytes(part)
  }

  text(text: string): void {
    const part = Buffer.from(text)
    this.u64(part.length)
    this.bytes(part)
  }

  value(value: Value): void {
    if (typeof value === 'string') {
      this.u32(TYPES.text)
      this.text(value)
    } else if ('u32' in value) {
      this.u32(TYPES.u32)
      this.u32(value.u32)
    } else if ('f32' in value) {
      this.u32(TYPES.f32)
      this.f32(value.f32)
    } else if ('i32s' in value) {
      this.array(TYPES.i32, value.i32s.length)
      for (const n of value.i32s) this.u32(n)
    } else {
      this.array(typeof value[0] === 'string' ? TYPES.text : TYPES.f32, value.length)
      for (const one of value) {
        if (typeof one === 'string') this.text(one)
        else this.f32(one.f32)
      }
    }
  }

  array(type: number, length: number): void {
    this.u32(TYPES.array)
    this.u32(type)
    this.u64(length)
  }

  all(): Buffer {
    return Buffer.concat(this.#parts)
  }
}
