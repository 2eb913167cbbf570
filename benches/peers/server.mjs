// The peer's server: a LevelDB database filled from a file of JSON lines, served over HTTP.
// node server.mjs FOLDER DOCUMENTS; prints {"url"} once it listens.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import express from 'express'
import expressPouchdb from 'express-pouchdb'
import PouchDB from 'pouchdb'

const [folder, documents] = process.argv.slice(2)
const Local = PouchDB.defaults({ prefix: `${folder}/` })
const cases = new Local('cases')

const batch = []
for await (const line of createInterface({ input: createReadStream(documents) })) {
  const document = JSON.parse(line)
  batch.push({ ...document, _id: document.id })
  if (batch.length === 1000) await cases.bulkDocs(batch.splice(0))
}
await cases.bulkDocs(batch)

const app = express()
app.use(expressPouchdb(Local, { mode: 'minimumForPouchDB', inMemoryConfig: true }))
const listening = app.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${listening.address().port}/cases` }))
})
