// One measurement of each server, then the next round: what else the machine does hits all alike.
import { startServer, TITLES } from './servers.mjs'
import { median } from './table.mjs'

/** Far from the others: their order of magnitude is what is of interest. */
const ONCE = new Set(['fastify-sse', 'better-sse', 'hono', 'reference'])

/**
 * Measures each server `rounds` times, each time a new one. Gives by name what `measure` gave. A
 * server that fails is reported, and its row is left out.
 */
export async function inRounds(names, rounds, options, measure) {
  const results = new Map(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const name of results.keys()) {
      if (round > 0 && ONCE.has(name)) continue
      try {
        const server = await startServer(name, options)
        try {
          results.get(name).push(await measure(server))
        } finally {
          await server.close()
        }
      } catch (error) {
        console.error(`bench: ${TITLES[name]}: ${error.message}`)
        process.exitCode = 1
        results.delete(name)
      }
    }
  }
  return results
}

/** The median over the rounds of one figure of a server's. */
export function middle(results, name, figure) {
  return median(results.get(name).map(figure))
}

/** The median over the rounds of a server's figure divided by that of another. */
export function ratio(results, name, other, figure) {
  const base = results.get(other)
  if (!base) return Number.NaN
  return median(results.get(name).map((result, round) => figure(result) / figure(base[round])))
}
