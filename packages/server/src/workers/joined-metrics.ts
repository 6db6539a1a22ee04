/** The metrics of several workers as one text: each series has a label that says which worker's it is. */
export function joinMetrics(texts: ReadonlyMap<number, string>): string {
  const families = new Map<string, Family>()
  for (const [worker, text] of texts) {
    let family: Family = { head: [], samples: [] }
    for (const line of text.split('\n')) {
      const name = /^# (?:HELP|TYPE) (\S+)/.exec(line)?.[1]
      if (name !== undefined) {
        family = families.get(name) ?? { head: [], samples: [] }
        families.set(name, family)
        if (!family.head.includes(line)) family.head.push(line)
      } else if (line !== '') family.samples.push(labelled(line, worker))
    }
  }
  const parts = [...families.values()].map(({ head, samples }) => [...head, ...samples].join('\n'))
  return `${parts.join('\n\n')}\n`
}

/** One metric: what it is, and all its series. They must stand together. */
interface Family {
  readonly head: string[]
  readonly samples: string[]
}

/** `name{a="b"} 1` or `name 1`; no name has a brace or a space. */
function labelled(line: string, worker: number): string {
  const [, name, labels = ''] = /^([^{ ]+)(?:\{(.*?)\})?(?= [^ ]+$)/.exec(line) ?? []
  if (name === undefined) return line
  const rest = line.slice(line.lastIndexOf(' '))
  return `${name}{worker="${worker}"${labels === '' ? '' : `,${labels}`}}${rest}`
}
