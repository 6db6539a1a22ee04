import { useSignal } from '@preact/signals'
import { Confirm, Dialog } from './Dialog.js'

export interface ActionProps {
  name: string
  question: string
  act: () => Promise<void>
}

/** A button that acts once the question is confirmed. */
export function Action({ name, question, act }: ActionProps) {
  const open = useSignal(false)
  return (
    <>
      <button
        type="button"
        onClick={() => {
          open.value = true
        }}
      >
        {name}
      </button>
      <Dialog title={`${name}?`} open={open}>
        <p>{question}</p>
        <Confirm name={name} open={open} act={act} danger />
      </Dialog>
    </>
  )
}
