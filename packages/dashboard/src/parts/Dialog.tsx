import type { Signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { useAct } from './act.js'

interface DialogProps {
  title: string
  open: Signal<boolean>
  children: ComponentChildren
}

/** A dialog that is open while the signal is true. The browser keeps the focus in it. */
export function Dialog({ title, open, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (open.value) element.current?.showModal()
    else element.current?.close()
  }, [open.value])
  return (
    <dialog
      ref={element}
      aria-label={title}
      onClose={() => {
        open.value = false
      }}
    >
      <h2>{title}</h2>
      {open.value && children}
      <button type="button" onClick={() => element.current?.close()}>
        Close
      </button>
    </dialog>
  )
}

interface ConfirmProps {
  name: string
  open: Signal<boolean>
  act: () => Promise<void>
  /** Marks an action that destroys something. */
  danger?: boolean
  children?: ComponentChildren
}

/** The button that does what the dialog asks about, and then closes it. */
export function Confirm({ name, open, act, danger, children }: ConfirmProps) {
  const { busy, fault, act: attempt } = useAct()

  const confirmed = () =>
    attempt(async () => {
      await act()
      open.value = false
    })

  return (
    <>
      <p class="fault" role="alert">
        {fault.value}
      </p>
      <button
        type="button"
        class={danger ? 'danger' : 'primary'}
        disabled={busy.value}
        onClick={confirmed}
      >
        {name}
      </button>
      {children}
    </>
  )
}
