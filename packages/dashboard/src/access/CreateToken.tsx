import type { TokenWithSecret } from '@launchtail/client'
import { parseDuration, SCOPE_WORDS, SCOPES, type Scope } from '@launchtail/client/protocol'
import { useSignal } from '@preact/signals'
import { useAct } from '../parts/act.js'
import { Fault } from '../parts/Fault.js'
import { Text } from '../parts/Text.js'
import { client } from '../session.js'

/** The form that creates a token. */
export function CreateToken({ onCreated }: { onCreated: (token: TokenWithSecret) => void }) {
  const name = useSignal('')
  const nodes = useSignal('')
  const owner = useSignal('')
  const expires = useSignal('')
  const scopes = useSignal<ReadonlySet<Scope>>(new Set(['read']))
  const { busy, fault, act } = useAct()

  const create = () =>
    act(async () => {
      const limited = nodes.value.split(/[\s,]+/).filter((node) => node !== '')
      const token = await client.peek().createToken({
        name: name.value,
        scopes: SCOPES.filter((scope) => scopes.value.has(scope)),
        ...(limited.length > 0 && { nodes: limited }),
        ...(owner.value !== '' && { owner: owner.value }),
        ...(expires.value !== '' && { expires_at: timeAfter(expires.value) }),
      })
      onCreated(token)
    })

  return (
    <form
      class="token-form"
      onSubmit={(event) => {
        event.preventDefault()
        void create()
      }}
    >
      <Text label="Name" value={name} placeholder="grafana" required />
      <fieldset>
        <legend>Rights</legend>
        {SCOPES.map((scope) => (
          <label key={scope} class="check">
            <input
              type="checkbox"
              checked={scopes.value.has(scope)}
              onChange={({ currentTarget }) => {
                const rest = [...scopes.value].filter((one) => one !== scope)
                scopes.value = new Set(currentTarget.checked ? [...rest, scope] : rest)
              }}
            />
            {scope}: to {SCOPE_WORDS[scope]}
          </label>
        ))}
      </fieldset>
      <Text label="Only these nodes; all if empty" value={nodes} placeholder="train-* eval-1" />
      <Text label="Only launches of this owner; all if empty" value={owner} placeholder="alice" />
      <Text label="Ends after; never if empty" value={expires} placeholder="30d" />
      <Fault text={fault.value} />
      <button class="primary" type="submit" disabled={busy.value}>
        Create
      </button>
    </form>
  )
}

function timeAfter(text: string): string {
  const after = parseDuration(text)
  if (after === undefined) throw new Error(`"${text}" is no duration such as 30d or 12h.`)
  return new Date(Date.now() + after).toISOString()
}
