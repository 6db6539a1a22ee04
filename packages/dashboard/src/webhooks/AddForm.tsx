import { client } from '../session.js'
import { Form } from './Form.js'
import { newWebhookOf, useFields } from './fields.js'
import type { Shown } from './Secret.js'

/** The form that creates a webhook. */
export function AddForm({ onAdded }: { onAdded: (webhook: Shown) => void }) {
  const fields = useFields()

  async function add(): Promise<void> {
    const { url, secret } = await client.peek().createWebhook(newWebhookOf(fields))
    onAdded({ url, secret })
  }

  return <Form fields={fields} name="Add" act={add} />
}
