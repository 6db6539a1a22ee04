import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { go } from '../address.js'
import { client } from '../session.js'
import { type EarlierLaunch, earlierLaunch } from './again.js'
import { Command } from './Command.js'
import { type Draft, EMPTY } from './draft.js'
import { Form } from './Form.js'
import { makeIdempotencyKey } from './idempotency-key.js'
import { missingIn } from './missing.js'
import { Plan } from './Plan.js'
import { planState } from './plan-state.js'
import { groupOf, requestOf } from './request.js'
import { SkyPilot } from './SkyPilot.js'

/** The form that launches a node, filled in like the node to launch `again`, if any. */
export function LaunchPage({ again }: { again: string }) {
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
        draft.value = found.draft
      },
      (error) => {
        fault.value = (error as Error).message
      },
    )
  }, [again, earlier, draft, fault])
  const request = requestOf(draft.value)

  async function launch(): Promise<void> {
    fault.value = missingIn(draft.value, earlier.value?.masked ?? [])
    if (fault.value !== '') return
    busy.value = true
    try {
      const group = groupOf(draft.peek())
      if (group) {
        const { group_id } = await client.peek().launchGroup(group, { idempotencyKey })
        return go(['groups', group_id])
      }
      const { node_id } = await client.peek().launchNode(request, { idempotencyKey })
      go(['nodes', node_id])
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
          <Command request={groupOf(draft.value) ?? request} />
        </div>
      </div>
    </article>
  )
}
