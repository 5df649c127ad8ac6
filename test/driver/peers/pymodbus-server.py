"""A Modbus server of pymodbus for the tests of the driver: `tcp PORT` (0: any) or `rtu PATH BAUD LATE`.

Unit 1, 2,000 places in each table, filled by the rule that peers.ts has too. Says `ready PORT`.
LATE is libmodbus-server.c's alone: this one is always in time.
"""

import asyncio
import sys

from pymodbus.datastore import (
    ModbusSequentialDataBlock,
    ModbusServerContext,
    ModbusSlaveContext,
)
from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer

PLACES = 2000


def tables():
    words = [(i * 40503 + 12345) & 0xFFFF for i in range(PLACES)]
    bits = [(i * 7919) % 3 == 0 for i in range(PLACES)]
    unit = ModbusSlaveContext(
        hr=ModbusSequentialDataBlock(0, words),
        ir=ModbusSequentialDataBlock(0, words[::-1]),
        co=ModbusSequentialDataBlock(0, list(bits)),
        di=ModbusSequentialDataBlock(0, bits[::-1]),
        zero_mode=True,
    )
    return ModbusServerContext(slaves={1: unit}, single=False)


async def main(kind, place, baud="0", _late="0"):
    if kind == "rtu":
        server = ModbusSerialServer(
            tables(),
            ModbusRtuFramer,
            port=place,
            baudrate=int(baud),
            ignore_missing_slaves=True,
        )
        await server.start()
        print("ready 0", flush=True)
        await server.serve_forever()
        return
    server = ModbusTcpServer(
        tables(), address=("127.0.0.1", int(place)), allow_reuse_address=True
    )
    task = asyncio.create_task(server.serve_forever())
    await server.serving
    print("ready", server.server.sockets[0].getsockname()[1], flush=True)
    await task


asyncio.run(main(*sys.argv[1:]))
