import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { useAct } from './parts/act.js'
import { signedOutBecause, signIn } from './session.js'

/** Asks for the admin token. */
export function SignIn() {
  const typed = useSignal('')
  const { busy, fault, act } = useAct()
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])

  function submit(event: Event): void {
    event.preventDefault()
    void act(() => signIn(typed.value.trim()))
  }

  return (
    <main class="sign-in">
      <h1>Launchtail</h1>
      <p>Watch your GPU nodes launch, live, and see why a launch failed.</p>
      <form onSubmit={submit}>
        <label for="token">Admin token</label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          ref={field}
          value={typed}
          onInput={({ currentTarget }) => {
            typed.value = currentTarget.value
          }}
          aria-describedby="token-help"
          aria-invalid={fault.value !== ''}
        />
        <button class="primary" type="submit" disabled={busy.value || typed.value.trim() === ''}>
          Sign in
        </button>
        <p class="fault" role="alert">
          {fault.value || signedOutBecause.value}
        </p>
        <p id="token-help" class="hint">
          If the server generated the token, it is in the file <code>admin-token</code> of its data
          folder. The page keeps it for this tab only.
        </p>
      </form>
    </main>
  )
}
