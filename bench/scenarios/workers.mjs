// What several processes behind one port cost, on one core that they share: there is nothing to gain there, so
// all that differs is the price. Each has its records in PostgreSQL and its logs in Redis.
import { stream } from '../load.mjs'
import { startServer } from '../servers.mjs'
import { digits, median, percent, sum, table } from '../table.mjs'

const COUNTS = [1, 2, 4]

export async function measure(scale) {
  const results = new Map(COUNTS.map((count) => [count, []]))
  for (let round = 0; round < scale.rounds; round += 1) {
    for (const count of COUNTS) results.get(count).push(await sample(count, scale))
  }
  const middle = (count, figure) => median(results.get(count).map(figure))
  const ratio = (count, figure) =>
    median(results.get(count).map((one, round) => figure(one) / figure(results.get(1)[round])))
  return [
    `${scale.readers} readers of one node, 20 entries/s; then all of them are cut at once, and come again with the last`,
    'id they saw. Ratios are to a server without workers (1) in the same round; the processor time and the memory',
    'are those of all processes.\n',
    table([
      [
        'workers',
        'µs per delivery',
        '× 1',
        'p99 ms',
        'streams of the busiest',
        'all back, ms',
        '× 1',
        'MiB',
        'lost, twice',
      ],
      ...COUNTS.map((count) => [
        count,
        digits(middle(count, ({ cost }) => cost)),
        digits(ratio(count, ({ cost }) => cost)),
        digits(middle(count, ({ p99 }) => p99)),
        percent(middle(count, ({ busiest }) => busiest)),
        digits(middle(count, ({ storm }) => storm)),
        digits(ratio(count, ({ storm }) => storm)),
        digits(middle(count, ({ mib }) => mib)),
        sum(results.get(count).map(({ wrong }) => wrong)),
      ]),
    ]),
  ].join('\n')
}

async function sample(workers, scale) {
  const load = { readers: scale.readers, senders: 16, rate: 20, warmup: scale.warmup }
  const paced = await onServer(workers, (server) =>
    stream(server, { ...load, seconds: scale.seconds * 1.5, drain: 5 }),
  )
  const { after, busiest } = await onServer(workers, async (server) => {
    // Well before the storm: to ask for the metrics costs something itself.
    const share = busiestOf(server, scale.warmup * 500)
    const result = await stream(server, {
      ...load,
      seconds: scale.seconds + 1,
      storm: 0.5,
      drain: 10,
    })
    return { after: result, busiest: await share }
  })
  const wrong = [paced, after].flatMap(({ lost, duplicated }) => [lost, duplicated])
  return {
    cost: (paced.cpu * 1e6) / paced.per_second,
    p99: paced.p99,
    mib: paced.rss / 1024,
    storm: after.storm_ms,
    busiest,
    wrong: sum(wrong),
  }
}

async function onServer(workers, act) {
  const server = await startServer('redis', { workers })
  try {
    return await act(server)
  } finally {
    await server.close()
  }
}

/** The share of all streams that the worker with the most of them has, once all readers are there. */
async function busiestOf({ port }, after) {
  await new Promise((resolve) => setTimeout(resolve, after))
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
  const each = [...(await answer.text()).matchAll(/^launchtail_streams(?:\{.*\})? (\d+)$/gm)]
  const counts = each.map(([, count]) => Number(count))
  return Math.max(...counts) / sum(counts)
}
