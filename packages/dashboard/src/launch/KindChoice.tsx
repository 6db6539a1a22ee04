import type { Draft } from './draft.js'
import type { ChangeDraft } from './Field.js'

const KINDS = [
  { kind: 'model', name: 'A model, served by an engine' },
  { kind: 'task', name: 'A SkyPilot task' },
] as const

/** Chooses what is launched. */
export function KindChoice({ draft, change }: { draft: Draft; change: ChangeDraft }) {
  return (
    <fieldset class="kinds">
      <legend class="hidden">What to launch</legend>
      {KINDS.map(({ kind, name }) => (
        <label key={kind}>
          <input
            type="radio"
            name="kind"
            checked={draft.kind === kind}
            onChange={() => change({ kind })}
          />
          {name}
        </label>
      ))}
    </fieldset>
  )
}
