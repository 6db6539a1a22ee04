import { expect, it, onTestFinished } from 'vitest'
import { redisLogStore } from '../src/logs/redis/store.js'
import {
  type RunningRedis,
  redisCli,
  startRedis,
  startReplica,
  until,
} from './support/processes.js'

/** A replica at once, and nothing sent to it unasked. */
const OPTIONS = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '3600']

async function waitingStore() {
  const master = await startRedis(OPTIONS)
  const replica = await startReplica(master)
  const store = await redisLogStore({
    ...{ url: master.url, retention: 60_000, pollInterval: 50, wait: 1 },
  })
  onTestFinished(async () => {
    replica.signal('SIGCONT')
    await store.close()
  })
  await store.append('a', ['first'])
  return { master, replica, store }
}

it('an append waits for its replica also where Redis has forgotten the script', async () => {
  const { master, replica, store } = await waitingStore()
  await redisCli(master.port, ['SCRIPT', 'FLUSH'])
  expect(await store.append('a', ['second'])).toEqual({ outcome: 'stored', index: 1 })
  expect(await redisCli(replica.port, ['LRANGE', 'node_logs:a', '0', '-1'])).toBe('first\nsecond\n')
})

it('an append that no replica has is not acknowledged where Redis has forgotten the script', async () => {
  const { master, replica, store } = await waitingStore()
  await until('the replica to have acknowledged everything', () => hasAcknowledged(master))
  replica.signal('SIGSTOP')
  await redisCli(master.port, ['SCRIPT', 'FLUSH'])
  // What it has acknowledged was written before.
  await expect(store.append('a', ['second'])).rejects.toMatchObject({
    cause: { message: 'WAIT: 0 of 1 replicas' },
  })
})

async function hasAcknowledged({ port }: RunningRedis): Promise<boolean> {
  const info = await redisCli(port, ['INFO', 'replication'])
  const [, acknowledged] = /offset=(\d+)/.exec(info) ?? []
  return acknowledged !== undefined && info.includes(`master_repl_offset:${acknowledged}\r`)
}
