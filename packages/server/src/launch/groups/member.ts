/** One of a group's nodes. */
export interface Member {
  readonly groupId: string
  readonly number: number
}

export function nodeIdOf({ groupId, number }: Member): string {
  return `${groupId}-${number}`
}
