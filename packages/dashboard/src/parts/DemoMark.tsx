import type { NodeRecord } from '@launchtail/client'

/** Marks a node of the demonstration, so that nobody takes it for a real one. */
export function DemoMark({ labels }: Pick<NodeRecord, 'labels'>) {
  if (!labels?.demo) return null
  return (
    <b class="mark" title={labels.demo}>
      demo
    </b>
  )
}
