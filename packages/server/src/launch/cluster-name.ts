export interface ClusterNameOptions {
  prefix: string
  nodeId: string
  provider: string
  region: string
  gpu: string
  spot: boolean
  /** Of one of a group's nodes, which share the digits of the group's id. */
  number?: number | undefined
  /** Resolves to true if another node that is not terminated has the name. */
  taken: (name: string) => Promise<boolean>
}

const FIRST_DIGITS = 6

/** A name for the node's cluster, with as much of the node's id as it takes to be unique. */
export async function clusterNameFor({
  prefix,
  nodeId,
  provider,
  region,
  gpu,
  spot,
  number,
  taken,
}: ClusterNameOptions): Promise<string> {
  const words = [prefix, provider, region.replaceAll('-', ''), gpu, spot ? 'spot' : 'od'].map(plain)
  const id = plain(nodeId).replaceAll('-', '')
  for (const ending of endings(id)) {
    const name = [...words, ending, String(number ?? '')].filter((word) => word !== '').join('-')
    if (!(await taken(name))) return name
  }
  throw new Error('unreachable: there is always one more ending')
}

function* endings(id: string): Generator<string> {
  let digits = FIRST_DIGITS
  yield id.slice(0, digits)
  for (; digits < id.length; digits += 2) yield id.slice(0, digits + 2)
  // Two ids may differ only in characters that a name cannot contain.
  for (let count = 2; ; count += 1) yield `${id}-${count}`
}

/** The text in lower case, without the characters that a name cannot contain. */
function plain(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9-]/g, '')
}
