import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { type Draft, inForm, LABELS } from './draft.js'

type Name = keyof typeof LABELS

interface FoldProps {
  title: string
  draft: Draft
  /** The fields inside. */
  names: readonly Name[]
  /** Why the launch was refused. */
  fault: string
  children: ComponentChildren
}

/**
 * Fields that few launches need. Closed, it tells which of them are filled in; it opens by itself for a
 * field that is refused, by the browser or by the server.
 */
export function Fold({ title, draft, names, fault, children }: FoldProps) {
  const open = useSignal(false)
  const filled = names.filter((name) => draft[name])
  useEffect(() => {
    if (fieldsIn(fault).some((name) => names.includes(name))) open.value = true
  }, [fault, names, open])
  return (
    <details
      class="fold"
      open={open.value}
      onToggle={({ currentTarget }) => {
        open.value = currentTarget.open
      }}
      onInvalidCapture={({ currentTarget }) => {
        // At once: the browser focuses the field next, and it must be visible then.
        currentTarget.open = true
      }}
    >
      <summary>
        {title}
        {filled.length > 0 && (
          <span class="filled">, filled in: {filled.map((name) => LABELS[name]).join(', ')}</span>
        )}
      </summary>
      <div class="fields">{children}</div>
    </details>
  )
}

/** The fields that a refusal quotes. */
function fieldsIn(fault: string): Name[] {
  return [...fault.matchAll(/["']([a-z_]+(?:\.\w+)*)["']/g)].map(([, field = '']) => inForm(field))
}
