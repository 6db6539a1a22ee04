import { useRef } from 'preact/hooks'
import { LABELS } from './draft.js'

const EXAMPLE = `name: my-node
resources:
  accelerators: A100:1
setup: |
  pip install vllm
run: |
  vllm serve $MODEL --port $PORT
envs:
  MODEL: Qwen/Qwen2.5-7B-Instruct`

interface TaskEditorProps {
  task: string
  /** The lines, from 1, that were refused. */
  faults: readonly number[]
  onInput: (task: string) => void
}

/** A text field with line numbers, on which the refused lines are marked. */
export function TaskEditor({ task, faults, onInput }: TaskEditorProps) {
  const numbers = useRef<HTMLDivElement>(null)
  const lines = Math.max(task.split('\n').length, 12)
  return (
    <div class="field task" data-wide>
      <label for="task">{LABELS.task}</label>
      <div class="editor">
        <div class="numbers" ref={numbers} aria-hidden="true">
          {Array.from({ length: lines }, (_, i) => (
            <div key={i} data-fault={faults.includes(i + 1) || undefined}>
              {i + 1}
            </div>
          ))}
        </div>
        <textarea
          id="task"
          rows={12}
          wrap="off"
          required
          spellcheck={false}
          placeholder={EXAMPLE}
          aria-invalid={faults.length > 0}
          value={task}
          onInput={({ currentTarget }) => onInput(currentTarget.value)}
          onScroll={({ currentTarget }) => {
            if (numbers.current) numbers.current.scrollTop = currentTarget.scrollTop
          }}
        />
      </div>
      {faults.length > 0 && <p class="fault">See line {faults.join(', ')}.</p>}
    </div>
  )
}
