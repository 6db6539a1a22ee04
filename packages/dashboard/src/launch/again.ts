import { ApiError, type NodeLaunch } from '@launchtail/client'
import { client } from '../session.js'
import { type Draft, draftOf, LABELS } from './request.js'

/** The form for a node that was launched before. */
export interface Earlier {
  readonly draft: Draft
  /** Fields in which `***` stands for something secret, as the server names them. */
  readonly masked: readonly string[]
  /** What is left to be done, in sentences. */
  readonly hints: readonly string[]
}

/** What a node was launched with; undefined where that is not known. */
export async function launchOf(nodeId: string): Promise<NodeLaunch | undefined> {
  try {
    return await client.peek().getNodeLaunch(nodeId)
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  }
}

/** Whether a launch can be repeated as it stands: nothing of it is kept from the page. */
export function isWhole({ secrets, masked }: NodeLaunch): boolean {
  return secrets.length === 0 && masked.length === 0
}

export async function earlier(nodeId: string): Promise<Earlier> {
  const launch = await launchOf(nodeId)
  if (!launch) {
    const {
      node_id,
      provider = '',
      region = 'local',
      gpu = 'cpu',
      ...node
    } = await client.peek().getNode(nodeId)
    const { gpu_count, model, use_spot } = node
    const request = { node_id, provider, region, gpu, gpu_count, model, use_spot }
    return {
      draft: draftOf({ ...request, ...((!model || provider === 'local') && { task: '' }) }),
      masked: [],
      hints: ['What it was launched with is not known here: filled in is what its record tells.'],
    }
  }
  const { request, secrets, masked } = launch
  return { draft: draftOf(request, secrets), masked, hints: hintsOf(launch) }
}

function hintsOf({ secrets, masked }: NodeLaunch): string[] {
  return [
    'Filled in as it was launched before.',
    ...(secrets.length > 0
      ? [`Secrets are not kept: type the values of ${secrets.join(', ')} again.`]
      : []),
    ...(masked.length > 0
      ? [`*** stands for something secret in: ${masked.map(nameOfField).join(', ')}.`]
      : []),
  ]
}

function nameOfField(field: string): string {
  const [name, variable] = field.split('.')
  return variable ?? (LABELS[name as keyof typeof LABELS] || field)
}
