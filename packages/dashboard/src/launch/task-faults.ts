/**
 * The lines of a task, from 1, that the server's refusal is about. It names some lines by number,
 * and others by their key.
 */
export function linesOfFault(message: string, task: string): number[] {
  const numbered = [...message.matchAll(/\(line (\d+)\)/g)].map(([, line]) => Number(line))
  const keys = [...message.matchAll(/"([\w.]+)"/g)].map(([, key]) => key as string)
  const lines = task.split('\n')
  const found = keys.flatMap((key) => {
    const last = key.split('.').at(-1) as string
    const at = lines.findIndex((line) => line.trimStart().startsWith(`${last}:`))
    return at < 0 ? [] : [at + 1]
  })
  return [...new Set([...numbered, ...found])].sort((a, b) => a - b)
}
