import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endAll, type RunningServer, startServer } from './support/processes.js'

let server: RunningServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

describe('GET /admin/nodes?q=', () => {
  it('takes the language over the records, and a word for a part of what names a node', async () => {
    const nodes = [
      { name: 'alpha', provider: 'aws', region: 'us-west-2', gpu: 'A100-80GB', model: 'a/Llama-3' },
      { name: 'beta', provider: 'gcp', region: 'europe-west4', gpu: 'H100', model: 'b/DeepSeek' },
      { name: 'gamma', provider: 'gcp', region: 'us-central1', gpu: 'A100', model: 'a/Llama-3.1' },
    ]
    const mark = 'nodes-q'
    const ids = new Map<string, string>()
    for (const node of nodes) {
      const created = await server.post('/admin/nodes', {
        ...node,
        labels: {},
        node_id: `${mark}-${node.name}`,
      })
      ids.set(((await created.json()) as { node_id: string }).node_id, node.name)
    }
    await server.post(`/admin/nodes/${mark}-beta/logs`, {
      message: 'no more disk',
      phase: 'failed',
    })
    const named = async (q: string, more = '') => {
      const found = await server.fetch(
        `/admin/nodes?q=${encodeURIComponent(`node:${mark} ${q}`)}${more}`,
      )
      const { nodes: list } = (await found.json()) as { nodes: { node_id: string }[] }
      return list.map(({ node_id }) => ids.get(node_id))
    }
    expect(await named('')).toEqual(['gamma', 'beta', 'alpha'])
    expect(await named('gpu:A100')).toEqual(['gamma', 'alpha'])
    expect(await named('lama-3')).toEqual(['gamma', 'alpha'])
    expect(await named('LLAMA-3 -region:us-west-2')).toEqual(['gamma'])
    expect(await named('status:failed OR alph')).toEqual(['beta', 'alpha'])
    expect(await named('"more disk"')).toEqual(['beta'])
    expect(await named('phase:failed cause:* timestamp:>=-1h')).toEqual(['beta'])
    expect(await named('', '&limit=1')).toEqual(['gamma'])
    expect(await named('', '&phase=queued')).toEqual(['gamma', 'alpha'])
    for (const [q, message] of [
      ['level:error', "'level' is a field of entries, and nodes have none"],
      ['gpu:(', 'column 5'],
    ] as const) {
      const refused = await server.fetch(`/admin/nodes?q=${encodeURIComponent(q)}`)
      expect(refused.status).toBe(400)
      expect(JSON.stringify(await refused.json())).toContain(message)
    }
  })

  it('goes on from page to page', async () => {
    for (let n = 0; n < 7; n += 1) {
      await server.post('/admin/nodes', { node_id: `paged-${n}`, gpu: n % 2 ? 'L4' : 'T4' })
    }
    const seen: string[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page = await server.fetch(
        `/admin/nodes?q=paged%20gpu:T4&limit=2${cursor && `&cursor=${cursor}`}`,
      )
      const body = (await page.json()) as { nodes: { node_id: string }[]; cursor?: string }
      seen.push(...body.nodes.map(({ node_id }) => node_id))
      cursor = body.cursor
    }
    expect(seen).toEqual(['paged-6', 'paged-4', 'paged-2', 'paged-0'])
  })
})
