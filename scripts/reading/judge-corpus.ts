import type { Labelled } from './corpus.js'
import { type Figure, type Figures, type Judged, judge } from './judge.js'
import { read } from './read.js'
import { chunked, VARIANTS } from './variants.js'

export interface Result {
  readonly variants: readonly { readonly name: string; readonly all: Figures }[]
  readonly tools: readonly { readonly name: string; readonly all: Figures }[]
  readonly logs: readonly { readonly file: string; readonly judged: Judged }[]
  /** Logs that became other entries when their bytes came in other chunks. */
  readonly unlike: readonly string[]
}

/** Every log as it is and in every variant. */
export async function judgeCorpus(corpus: readonly Labelled[]): Promise<Result> {
  const variants: { name: string; all: Figures }[] = []
  let logs: { file: string; tool: string; judged: Judged }[] = []
  for (const { name, of } of VARIANTS) {
    const judged = []
    for (const log of corpus) {
      const lines = of(linesOf(log.bytes), log.tool)
      if (!lines) continue
      const { file, tool } = log
      judged.push({ file, tool, judged: judge(log, linesOf(log.bytes), await read(lines)) })
    }
    variants.push({ name, all: sum(judged.map((one) => one.judged)) })
    if (logs.length === 0) logs = judged
  }
  const names = [...new Set(logs.map(({ tool }) => tool))].sort()
  const tools = names.map((name) => ({
    name,
    all: sum(logs.filter(({ tool }) => tool === name).map((one) => one.judged)),
  }))
  return { variants, tools, logs, unlike: await unlikeIn(corpus) }
}

async function unlikeIn(corpus: readonly Labelled[]): Promise<string[]> {
  const unlike: string[] = []
  for (const [n, { file, bytes }] of corpus.entries()) {
    const whole = await read([bytes])
    const cut = await read(chunked(bytes, 13 + n))
    const same = JSON.stringify(whole.entries.flat()) === JSON.stringify(cut.entries.flat())
    if (!same) unlike.push(file)
  }
  return unlike
}

/** The lines with their ends. A carriage return ends none. */
function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0x0a, at)
    const next = end === -1 ? bytes.length : end + 1
    lines.push(bytes.subarray(at, next))
    at = next
  }
  return lines
}

function sum(all: readonly Figures[]): Figures {
  const add = (of: (one: Figures) => Figure): Figure => ({
    right: all.reduce((total, one) => total + of(one).right, 0),
    of: all.reduce((total, one) => total + of(one).of, 0),
  })
  return {
    phases: add(({ phases }) => phases),
    precision: add(({ precision }) => precision),
    recall: add(({ recall }) => recall),
    cause: add(({ cause }) => cause),
    code: add(({ code }) => code),
    premature: all.reduce((total, { premature }) => total + premature, 0),
    lost: all.reduce((total, { lost }) => total + lost, 0),
  }
}
