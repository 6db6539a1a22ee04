import type { Delivery, Webhook } from '@launchtail/client'
import { useSignal } from '@preact/signals'
import { useCallback, useEffect } from 'preact/hooks'
import { client } from '../session.js'

/** How often the webhooks, and the messages of those that are open, are refreshed, in ms. */
const REFRESH = 5000
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

/** Reads now, and again and again while the page is visible. */
function useRefreshed<T>(read: (signal: AbortSignal) => Promise<T>) {
  const value = useSignal<T | undefined>(undefined)
  const fault = useSignal('')
  const refresh = useCallback(
    async (signal = new AbortController().signal) => {
      try {
        value.value = await read(signal)
        fault.value = ''
      } catch (error) {
        if (!signal.aborted) fault.value = (error as Error).message
      }
    },
    [read, value, fault],
  )
  useEffect(() => {
    const controller = new AbortController()
    void refresh(controller.signal)
    const again = () => document.hidden || void refresh(controller.signal)
    const timer = setInterval(again, REFRESH)
    return () => {
      clearInterval(timer)
      controller.abort()
    }
  }, [refresh])
  return { value: value.value, fault: fault.value, refresh: () => refresh() }
}
