import { expect } from 'vitest'
import type { RunningServer } from './processes.js'

/** A node that something else launches; its id. */
export async function newNode(server: RunningServer): Promise<string> {
  const answer = await server.post('/admin/nodes', {})
  expect(answer.status).toBe(201)
  return ((await answer.json()) as { node_id: string }).node_id
}

/** All messages of a node's log, as the history has them. */
export async function listed(server: RunningServer, id: string): Promise<string[]> {
  const answer = await server.fetch(`/admin/nodes/${id}/logs?tail=all`)
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { logs: { message: string }[] }).logs.map((e) => e.message)
}
