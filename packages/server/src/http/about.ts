/** What a request that changes something is about, for the audit log. */
export interface About {
  readonly nodeId?: string | undefined
  /** The id of a group, a webhook, a delivery or a token. */
  readonly subject?: string | undefined
}

export function aboutOf(path: string, id: string, body: unknown): About {
  if (id !== '') return path.startsWith('/admin/nodes/') ? { nodeId: id } : { subject: id }
  return idsIn(body)
}

/** The same once the request was carried out: the answer names what it has created. */
export function madeBy(result: unknown, about: About): About {
  if (typeof result !== 'object' || result === null) return about
  const { nodeId = about.nodeId, subject = about.subject } = idsIn(
    'answer' in result ? result.answer : result,
  )
  return { nodeId, subject }
}

function idsIn(value: unknown): About {
  if (typeof value !== 'object' || value === null) return {}
  const { node_id, group_id, webhook_id, token_id } = value as Record<string, unknown>
  return { nodeId: text(node_id), subject: text(group_id ?? webhook_id ?? token_id) }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
