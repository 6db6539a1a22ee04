import type { Token, TokenWithSecret } from '@launchtail/client'
import { useSignal } from '@preact/signals'
import { useCallback } from 'preact/hooks'
import { CopyButton } from '../parts/CopyButton.js'
import { Confirm, Dialog } from '../parts/Dialog.js'
import { Fault } from '../parts/Fault.js'
import { inert } from '../parts/inert.js'
import { useRefreshed } from '../parts/refreshed.js'
import { Table } from '../parts/Table.js'
import { client } from '../session.js'
import { CreateToken } from './CreateToken.js'

/** The list of tokens, with a form to create one. */
export function Tokens() {
  const {
    value: tokens,
    fault,
    refresh,
  } = useRefreshed(
    useCallback(async (signal) => (await client.peek().listTokens({ signal })).tokens, []),
  )
  const creating = useSignal(false)
  const created = useSignal<TokenWithSecret | undefined>(undefined)
  return (
    <>
      <p>
        <button
          type="button"
          class="primary"
          onClick={() => {
            creating.value = true
          }}
        >
          Create a token
        </button>
      </p>
      <Dialog title="Create a token" open={creating}>
        <CreateToken
          onCreated={(token) => {
            creating.value = false
            created.value = token
            void refresh()
          }}
        />
      </Dialog>
      <Fault text={fault} />
      {created.value && <NewToken {...created.value} />}
      {tokens?.length === 0 && (
        <p class="empty">There are no tokens but the configured one, which may do everything.</p>
      )}
      {tokens && tokens.length > 0 && (
        <div class="table">
          <Table head={HEAD}>
            {tokens.map((token) => (
              <Row key={token.token_id} token={token} onRevoked={refresh} />
            ))}
          </Table>
        </div>
      )}
    </>
  )
}

/** A new token, which is shown only once. */
function NewToken({ name, token }: TokenWithSecret) {
  return (
    <section class="new-secret" aria-label="The new token">
      <p role="status">
        This is the token {inert(name)}. Copy it now, because it is not shown again.
      </p>
      <code>{token}</code> <CopyButton text={() => token} title="Copy the token" />
    </section>
  )
}

const HEAD = ['Name', 'Rights', 'Nodes', 'Begins and ends', 'Created', 'Expires', '']

function Row({ token, onRevoked }: { token: Token; onRevoked: () => Promise<void> }) {
  const { token_id: id, name, scopes, hint, created_at, created_by, expires_at } = token
  const revoking = useSignal(false)
  return (
    <tr data-expired={token.expired}>
      <td title={id}>{inert(name)}</td>
      <td>{scopes.join(', ')}</td>
      <td>{inert(limitsOf(token))}</td>
      <td>
        <code>{hint}</code>
      </td>
      <td title={`with ${inert(created_by)}`}>
        <time dateTime={created_at}>{new Date(created_at).toLocaleString()}</time>
      </td>
      <td>{expiryOf(token.expired, expires_at)}</td>
      <td>
        <button
          type="button"
          class="danger"
          onClick={() => {
            revoking.value = true
          }}
        >
          Revoke
        </button>
        <Dialog title={`Revoke ${name}?`} open={revoking}>
          <p>Whoever uses it is refused from then on, and the streams opened with it are closed.</p>
          <Confirm
            name="Revoke"
            open={revoking}
            danger
            act={async () => {
              await client.peek().revokeToken(id)
              await onRevoked()
            }}
          />
        </Dialog>
      </td>
    </tr>
  )
}

/** The nodes and launches that it is good for. */
function limitsOf({ nodes, owner, labels = {} }: Token): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  const parts = [...(nodes ?? []), ...(owner === undefined ? [] : [`of ${owner}`]), ...pairs]
  return parts.length > 0 ? parts.join(', ') : 'all'
}

function expiryOf(expired: boolean, at: string | undefined): string {
  if (at === undefined) return 'never'
  return `${expired ? 'expired ' : ''}${new Date(at).toLocaleString()}`
}
