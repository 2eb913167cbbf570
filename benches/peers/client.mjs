// The peer's device: a first sync of everything into a fresh LevelDB.
// node client.mjs URL FOLDER BATCH; prints {"ms", "documents"}.
import PouchDB from 'pouchdb'

const [url, folder, batch] = process.argv.slice(2)
const cases = new PouchDB(`${folder}/cases`)
const began = performance.now()
const done = await cases.replicate.from(url, { batch_size: Number(batch) })
const ms = performance.now() - began
console.log(JSON.stringify({ ms, documents: done.docs_written }))
await cases.close()
