/** A balancer in a process of its own: each connection takes two descriptors. Its arguments are the servers' ports. */
import { startBalancer } from './balancer.js'

/** How many connections a server was given in a second. */
export type Given = readonly [port: number, second: number, count: number]

const balancer = await startBalancer(process.argv.slice(2).map(Number))
process.on('message', (order: 'cut' | 'given') => {
  if (order === 'cut') balancer.cut()
  else process.send?.(given())
})
process.on('disconnect', () => process.exit())
process.send?.(balancer.url)

function given(): Given[] {
  return [...balancer.given()].flatMap(([port, seconds]) =>
    [...seconds].map(([second, count]): Given => [port, second, count]),
  )
}
