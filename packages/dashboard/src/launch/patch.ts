/**
 * What makes the one out of the other, as a JSON Merge Patch (RFC 7396): fields that are the same are
 * missing, and null takes one out.
 */
export function patchTo(before: object, after: object): Record<string, unknown> {
  const was = new Map(Object.entries(before))
  const is = new Map(Object.entries(after).filter(([, value]) => value !== undefined))
  const gone = [...was.keys()].filter((name) => !is.has(name)).map((name) => [name, null])
  const changed = [...is].flatMap(([name, value]) => {
    const old = was.get(name)
    if (JSON.stringify(old) === JSON.stringify(value)) return []
    return [[name, isFields(old) && isFields(value) ? patchTo(old, value) : value]]
  })
  return Object.fromEntries([...gone, ...changed])
}

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
