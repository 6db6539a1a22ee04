/** Copies a text to the clipboard, also where the page came over plain HTTP. */
export async function copy(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'hidden'
  document.body.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  if (!done)
    throw new Error('the browser does not let this page copy; select the text and copy it by hand')
}
