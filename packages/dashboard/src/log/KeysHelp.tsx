import type { Signal } from '@preact/signals'
import { Dialog } from '../parts/Dialog.js'
import { KEYS } from './keys.js'

/** The keys and what they do. */
export function KeysHelp({ open }: { open: Signal<boolean> }) {
  return (
    <Dialog title="Keys" open={open}>
      <dl class="keys">
        {KEYS.map(({ key, does }) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
