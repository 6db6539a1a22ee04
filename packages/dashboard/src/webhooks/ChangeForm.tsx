import type { Webhook } from '@launchtail/client'
import { client } from '../session.js'
import { Form } from './Form.js'
import { changeOf, useFields } from './fields.js'

interface ChangeFormProps {
  webhook: Webhook
  onChanged: () => void
}

/** The form that changes a webhook. It keeps what was typed while the list is refreshed. */
export function ChangeForm({ webhook, onChanged }: ChangeFormProps) {
  const fields = useFields(webhook)

  async function change(): Promise<void> {
    await client.peek().changeWebhook(webhook.webhook_id, changeOf(fields))
    onChanged()
  }

  return <Form fields={fields} name="Save" webhook={webhook} act={change} />
}
