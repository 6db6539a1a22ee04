/** Works out an answer, unless another caller of the same key has done so from the same source. */
export type Shared<Answer> = (
  source: object,
  key: string,
  act: () => Promise<Answer>,
) => Promise<Answer>

/** Answers that are kept: every open page asks the same few questions. */
const KEPT = 16

export function createShared<Answer>(): Shared<Answer> {
  const bySource = new WeakMap<object, Map<string, Promise<Answer>>>()
  return (source, key, act) => {
    const answers = bySource.get(source) ?? new Map<string, Promise<Answer>>()
    bySource.set(source, answers)
    const known = answers.get(key)
    if (known) return known
    if (answers.size >= KEPT) answers.clear()
    const answer = act()
    answers.set(key, answer)
    answer.catch(() => answers.delete(key))
    return answer
  }
}
