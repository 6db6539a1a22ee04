import type { LaunchPlan, NewPlan } from '@launchtail/client'
import { signal } from '@preact/signals'
import { client } from '../session.js'

/** What was asked about a launch, and what came of it. */
export type AskedPlan =
  | { readonly state: 'waiting'; readonly request: NewPlan }
  | { readonly state: 'planned'; readonly request: NewPlan; readonly plan: LaunchPlan }
  | { readonly state: 'refused'; readonly request: NewPlan; readonly fault: string }

/** The plan of a launch, once somebody asks for it. A newer question replaces an older one. */
export function planState() {
  const asked = signal<AskedPlan | undefined>(undefined)
  return { asked, ask }

  async function ask(request: NewPlan): Promise<void> {
    const waiting: AskedPlan = { state: 'waiting', request }
    asked.value = waiting
    const answer = await answerTo(request)
    if (asked.peek() === waiting) asked.value = answer
  }
}

async function answerTo(request: NewPlan): Promise<AskedPlan> {
  try {
    return { state: 'planned', request, plan: await client.peek().planLaunch(request) }
  } catch (error) {
    return { state: 'refused', request, fault: (error as Error).message }
  }
}
