/** What went wrong, read out by a screen reader at once; nothing while nothing did. */
export function Fault({ text }: { text: string }) {
  if (text === '') return null
  return (
    <p class="fault" role="alert">
      {text}
    </p>
  )
}
