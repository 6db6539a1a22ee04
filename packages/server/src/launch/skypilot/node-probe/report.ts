import type { RawLine } from '../../../output/lines.js'

/** What the probe on the node has reported last. */
export type ProbeReport =
  | {
      readonly is: 'ready'
      readonly port: number
      /** The path that was answered with 2xx. */
      readonly path: string
      readonly host: string
      readonly addresses: readonly string[]
      /** True where the server listens for its own machine alone. */
      readonly loopback: boolean
    }
  /** Another program listens on the port. */
  | { readonly is: 'taken'; readonly port: number; readonly host: string }
  /** The server answers, and not that it is ready. */
  | { readonly is: 'answers'; readonly port: number; readonly codes: readonly number[] }

export interface ProbeReports {
  /** The newest. */
  readonly newest: () => ProbeReport | undefined
  /** Forgets the newest: the job starts on another machine. */
  readonly forget: () => void
  /** The lines without those of the probe, which are read and not shown. */
  take<Line extends RawLine>(lines: readonly Line[]): readonly Line[]
}

/** Before the words of a job stands its name, in colours. */
const HEAD =
  /^(?:(?:\x1b\[[\d;]*m)*\([^()]{1,200}\bpid=\d{1,10}[^()]{0,80}\)(?:\x1b\[[\d;]*m)* ?)?$/

/**
 * Reads the reports of a launch's own probe. A line that merely resembles one, such as a trace of the
 * shell, is an ordinary line. Whether a line is a report depends on its text alone: lines that are
 * read again must stay the same lines.
 */
export function probeReports(printed: string): ProbeReports {
  const begin = `launchtail ${printed} `
  let newest: ProbeReport | undefined
  return { newest: () => newest, forget, take }

  function forget(): void {
    newest = undefined
  }

  function take<Line extends RawLine>(lines: readonly Line[]): readonly Line[] {
    if (!lines.some(({ text }) => text.includes(begin))) return lines
    return lines.filter(({ text, transient }) => {
      const report = transient ? undefined : reportIn(text)
      newest = report ?? newest
      return !report
    })
  }

  function reportIn(text: string): ProbeReport | undefined {
    const at = text.indexOf(begin)
    if (at === -1 || !HEAD.test(text.slice(0, at))) return undefined
    const [kind, ...words] = text
      .slice(at + begin.length)
      .trim()
      .split(' ')
    const said = new Map(words.map((word) => pairIn(word)))
    const port = Number(said.get('port'))
    const host = said.get('host') ?? ''
    if (!(port > 0)) return undefined
    if (kind === 'taken') return { is: kind, port, host }
    if (kind === 'answers') return { is: kind, port, codes: listIn(said.get('codes')).map(Number) }
    if (kind !== 'ready') return undefined
    const loopback = said.get('listens') === 'loopback'
    const addresses = listIn(said.get('addresses'))
    return { is: kind, port, path: said.get('path') ?? '/', host, addresses, loopback }
  }
}

function pairIn(word: string): [string, string] {
  const at = word.indexOf('=')
  return [word.slice(0, at), word.slice(at + 1)]
}

function listIn(text = ''): string[] {
  return text.split(',').filter((one) => one !== '')
}
