import type { Draft } from './draft.js'
import { type ChangeDraft, Variables } from './Field.js'
import { Fields } from './Fields.js'
import { KindChoice } from './KindChoice.js'
import { MoreFields } from './MoreFields.js'
import { TaskEditor } from './TaskEditor.js'
import { linesOfFault } from './task-faults.js'

export interface FormProps {
  draft: Draft
  change: ChangeDraft
  /** Why the launch was refused; empty while it was not. */
  fault: string
  busy: boolean
  onSubmit: () => Promise<void>
  /** Asks what the launch would do. */
  onPlan: () => Promise<void>
}

export function Form({ draft, change, fault, busy, onSubmit, onPlan }: FormProps) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void onSubmit()
      }}
    >
      <KindChoice draft={draft} change={change} />
      <Fields draft={draft} change={change} />
      {draft.kind === 'task' && (
        <TaskEditor
          task={draft.task}
          faults={linesOfFault(fault, draft.task)}
          onInput={(task) => change({ task })}
        />
      )}
      <div class="fields">
        <Variables draft={draft} change={change} name="envs" />
        <Variables draft={draft} change={change} name="secrets" />
      </div>
      <MoreFields draft={draft} change={change} fault={fault} />
      <p class="fault" role="alert">
        {fault}
      </p>
      <div class="buttons">
        <button class="primary" type="submit" disabled={busy}>
          {busy ? 'Launching …' : 'Launch'}
        </button>
        <button type="button" disabled={busy} onClick={() => void onPlan()}>
          Plan
        </button>
      </div>
    </form>
  )
}
