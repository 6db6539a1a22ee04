/** Statements as a database reads them. Each is made once: they are few. */
export function createStatementTexts(
  make: (text: string) => string,
): (statement: string) => string {
  const made = new Map<string, string>()
  return (statement) => {
    let text = made.get(statement)
    if (text === undefined) {
      text = make(statement)
      made.set(statement, text)
    }
    return text
  }
}
