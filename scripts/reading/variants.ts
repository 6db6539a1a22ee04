/** A way in which the same output reaches us: its lines, each with its line end. */
export interface Variant {
  readonly name: string
  /** Undefined where nobody would wrap this tool's output so. */
  of(lines: readonly Buffer[], tool: string): Buffer[] | undefined
}

/** What tools put before each line, a number standing for a line's place. */
const ENVELOPES: Record<string, (line: number) => string> = {
  'docker compose': () => 'vllm-1  | ',
  'a named container': () => 'inference_server  | ',
  'kubectl --prefix': () => '[pod/vllm-7c9f-abcde/vllm] ',
  'kubectl --timestamps': (n) => `2026-01-02T03:04:${two(n % 60)}.123456789Z `,
  'a container runtime': (n) => `2026-01-02T03:04:${two(n % 60)}.123456789Z stderr F `,
  syslog: (n) => `Jan 02 03:04:${two(n % 60)} gpu-host vllm[731]: `,
  'RFC 3339': (n) => `2026-01-02T03:04:${two(n % 60)}+00:00 `,
  'a plain time': (n) => `2026-01-02 03:04:${two(n % 60)},678 `,
  'GitHub Actions': (n) => `serve\tRun it\t2026-01-02T03:04:${two(n % 60)}.1234567Z `,
  'srun -l': () => '0: ',
  mpirun: () => '[1,0]<stdout>:',
  torchrun: () => '[default0]:',
  Ray: () => '(RayWorkerWrapper pid=731, ip=10.0.0.2) ',
  'SkyPilot task': () => '(task, pid=731) ',
  'SkyPilot rank': () => '(worker1, rank=1, pid=731, ip=10.0.0.2) ',
  'compose in a pod': (n) => `2026-01-02T03:04:${two(n % 60)}.123456789Z vllm-1  | `,
}

/** What SkyPilot says of itself does not count in the output of what it runs. */
const RUN_BY_SKYPILOT = ['Ray', 'SkyPilot task', 'SkyPilot rank']

export const VARIANTS: readonly Variant[] = [
  { name: 'as it is', of: (lines) => [...lines] },
  { name: 'coloured', of: (lines) => lines.map(coloured) },
  { name: 'CRLF', of: (lines) => lines.map(withCrlf) },
  ...Object.entries(ENVELOPES).map(([name, envelope]) => ({
    name,
    of: (lines: readonly Buffer[], tool: string) =>
      tool === 'SkyPilot' && RUN_BY_SKYPILOT.includes(name)
        ? undefined
        : lines.map((line, n) => Buffer.concat([Buffer.from(envelope(n)), line])),
  })),
]

/** Cuts bytes into chunks of random sizes, the same for the same seed. */
export function chunked(bytes: Buffer, seed: number): Buffer[] {
  const next = random(seed)
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + Math.floor(next() ** 3 * 4000)
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

function coloured(line: Buffer, n: number): Buffer {
  const colours = ['\x1b[0m', '\x1b[1;31m', '\x1b[38;5;12m', '\x1b[K']
  const colour = colours[n % colours.length] as string
  const text = line.toString()
  const middle = (n * 13) % Math.max(1, text.length - 1)
  // Not within an escape sequence or a pair of surrogates.
  if (/[\x1b\ud800-\udfff]/.test(text)) return Buffer.from(`${colour}${text}`)
  return Buffer.from(`${colour}${text.slice(0, middle)}\x1b[36m${text.slice(middle)}`)
}

function withCrlf(line: Buffer): Buffer {
  return Buffer.from(line.toString().replace(/\r?\n$/, '\r\n'))
}

/** Mulberry32. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function two(n: number): string {
  return String(n).padStart(2, '0')
}
