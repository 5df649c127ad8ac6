// A Modbus server of libmodbus for the tests of the driver: `tcp PORT` (0: any) or `rtu PATH BAUD LATE`.
// Unit 1, 2,000 places in each table, filled by the rule that peers.ts has too. Says `ready PORT`.
// On a serial line the last ten addresses are answered LATE milliseconds after they were asked.
#include <errno.h>
#include <modbus.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PLACES = 2000 };

static modbus_mapping_t *tables(void) {
  modbus_mapping_t *map = modbus_mapping_new(PLACES, PLACES, PLACES, PLACES);
  if (map == NULL) return NULL;
  for (int i = 0; i < PLACES; i += 1) {
    map->tab_registers[i] = (uint16_t)((unsigned)i * 40503u + 12345u);
    map->tab_input_registers[PLACES - 1 - i] = map->tab_registers[i];
    map->tab_bits[i] = ((unsigned)i * 7919u) % 3u == 0;
    map->tab_input_bits[PLACES - 1 - i] = map->tab_bits[i];
  }
  return map;
}

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, modbus_strerror(errno));
  return 1;
}

/** Answers until the other side goes. */
static void serve_tcp(modbus_t *context, modbus_mapping_t *map) {
  uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
  for (;;) {
    int length = modbus_receive(context, query);
    if (length < 0) return;
    if (length > 0) modbus_reply(context, query, length, map);
  }
}

/** Answers until the line goes; a frame that is broken is no reason to go. */
static void serve_rtu(modbus_t *context, modbus_mapping_t *map, int late) {
  uint8_t query[MODBUS_RTU_MAX_ADU_LENGTH];
  for (;;) {
    int length = modbus_receive(context, query);
    if (length < 0 && errno != EMBBADCRC) return;
    if (length <= 0) continue;
    if (((query[2] << 8) | query[3]) >= PLACES - 10) usleep((useconds_t)late * 1000);
    modbus_reply(context, query, length, map);
  }
}

int main(int count, char **words) {
  modbus_mapping_t *map = tables();
  if (map == NULL || count < 3) return 64;
  if (strcmp(words[1], "rtu") == 0 && count == 5) {
    modbus_t *context = modbus_new_rtu(words[2], atoi(words[3]), 'N', 8, 1);
    if (context == NULL) return fail("rtu");
    modbus_set_slave(context, 1);
    if (modbus_connect(context) < 0) return fail("connect");
    printf("ready 0\n");
    fflush(stdout);
    serve_rtu(context, map, atoi(words[4]));
    return fail("receive");
  }
  modbus_t *context = modbus_new_tcp("127.0.0.1", atoi(words[2]));
  if (context == NULL) return fail("tcp");
  int listener = modbus_tcp_listen(context, 4);
  if (listener < 0) return fail("listen");
  struct sockaddr_in at;
  socklen_t size = sizeof at;
  if (getsockname(listener, (struct sockaddr *)&at, &size) < 0) return fail("getsockname");
  printf("ready %d\n", ntohs(at.sin_port));
  fflush(stdout);
  for (;;) {
    if (modbus_tcp_accept(context, &listener) < 0) return fail("accept");
    serve_tcp(context, map);
    modbus_close(context);
  }
}
