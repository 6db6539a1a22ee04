import type { Delivery, Webhook } from '@launchtail/client'
import { useCallback } from 'preact/hooks'
import { useRefreshed } from '../parts/refreshed.js'
import { client } from '../session.js'

/** How many of its newest messages are shown of a webhook. */
const NEWEST = 50

export interface WebhooksResult {
  readonly webhooks: readonly Webhook[] | undefined
  /** Why they could not be had; empty while they can. */
  readonly fault: string
  refresh(): Promise<void>
}

export function useWebhooks(): WebhooksResult {
  const { value, fault, refresh } = useRefreshed(
    useCallback(async (signal) => (await client.peek().listWebhooks({ signal })).webhooks, []),
  )
  return { webhooks: value, fault, refresh }
}

export interface DeliveriesResult {
  readonly deliveries: readonly Delivery[] | undefined
  readonly fault: string
  refresh(): Promise<void>
}

export function useDeliveries(webhookId: string): DeliveriesResult {
  const read = useCallback(
    async (signal: AbortSignal) => {
      const options = { limit: NEWEST, signal }
      return (await client.peek().listDeliveries(webhookId, options)).deliveries
    },
    [webhookId],
  )
  const { value, fault, refresh } = useRefreshed(read)
  return { deliveries: value, fault, refresh }
}
