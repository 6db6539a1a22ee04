import type { Signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** A dialog that is open while the signal is true. The browser keeps the focus in it. */
export function Dialog({
  title,
  open,
  children,
}: {
  title: string
  open: Signal<boolean>
  children: ComponentChildren
}) {
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
