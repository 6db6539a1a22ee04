import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { go } from '../address.js'
import { inert } from '../parts/inert.js'
import { type EarlierLaunch, earlierLaunch } from './again.js'
import { Command } from './Command.js'
import { type Draft, EMPTY } from './draft.js'
import { Form } from './Form.js'
import { makeIdempotencyKey } from './idempotency-key.js'
import { missingIn } from './missing.js'
import { Plan } from './Plan.js'
import { planState } from './plan-state.js'
import { planOf } from './request.js'
import { SkyPilot } from './SkyPilot.js'
import { launchCall } from './send.js'

interface LaunchPageProps {
  /** The node that is launched again; empty for none. */
  again: string
  /** True where that is to be another node than the one before. */
  isNew: boolean
}

/** The form that launches a node, filled in like the node to launch `again`, if any. */
export function LaunchPage({ again, isNew }: LaunchPageProps) {
  const draft = useSignal<Draft>(EMPTY)
  const earlier = useSignal<EarlierLaunch | undefined>(undefined)
  const fault = useSignal('')
  const busy = useSignal(false)
  const plan = useMemo(planState, [])
  // If the network fails after the request was sent, sending it again launches nothing twice.
  const idempotencyKey = useMemo(makeIdempotencyKey, [draft.value])
  useEffect(() => {
    document.title = 'Launch a node – Launchtail'
  }, [])
  useEffect(() => {
    if (!again) return
    earlierLaunch(again).then(
      (found) => {
        earlier.value = found
        draft.value = isNew ? { ...found.draft, node_id: '' } : found.draft
      },
      (error) => {
        fault.value = (error as Error).message
      },
    )
  }, [again, isNew, earlier, draft, fault])
  const request = planOf(draft.value)
  const { asked } = earlier.value ?? {}
  const call = launchCall(draft.value, asked && { id: again, asked })

  async function launch(): Promise<void> {
    fault.value = missingIn(draft.value, earlier.value?.masked ?? [])
    if (fault.value !== '') return
    busy.value = true
    try {
      go(await call.send(idempotencyKey))
    } catch (error) {
      fault.value = (error as Error).message
    } finally {
      busy.value = false
    }
  }

  return (
    <article class="launch">
      <h1>{again ? 'Launch again' : 'Launch a node'}</h1>
      <SkyPilot />
      {earlier.value && <p class="hint">{earlier.value.hints.join(' ')}</p>}
      {call.linked && <p class="hint">The new node will be linked with {inert(again)}.</p>}
      <div class="columns">
        <Form
          draft={draft.value}
          change={(changes) => {
            draft.value = { ...draft.value, ...changes }
          }}
          fault={fault.value}
          busy={busy.value}
          onSubmit={launch}
          onPlan={() => plan.ask(request)}
        />
        <div class="beside">
          <Plan asked={plan.asked.value} request={request} />
          <Command call={call} />
        </div>
      </div>
    </article>
  )
}
