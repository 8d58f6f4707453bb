/* A Modbus TCP server on libmodbus, to test the collectors against a stranger.
 *
 * libmodbus_server PORT ADDRESS WORD...: answers every unit, functions 3 and 4, with the given
 * words from ADDRESS on; everything else up to 65535 is 0. Without ADDRESS the words come from
 * standard input, as lines of FUNCTION ADDRESS WORD up to its end. Prints the port once it
 * listens; port 0 takes a free one.
 */
#include <arpa/inet.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    modbus_t *context = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
    modbus_mapping_t *map = modbus_mapping_new(0, 0, 65536, 65536);
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    int function, address = argc > 2 ? atoi(argv[2]) : 0, word;

    if (context == NULL || map == NULL)
        return 1;
    for (int i = 3; i < argc; i++) {
        map->tab_registers[address + i - 3] = (uint16_t) atoi(argv[i]);
        map->tab_input_registers[address + i - 3] = (uint16_t) atoi(argv[i]);
    }
    while (argc == 2 && scanf("%d %d %d", &function, &address, &word) == 3)
        (function == 3 ? map->tab_registers : map->tab_input_registers)[address] = (uint16_t) word;
    int listening = modbus_tcp_listen(context, 1);
    if (listening == -1 || getsockname(listening, (struct sockaddr *) &name, &size) == -1)
        return 2;
    printf("%d\n", ntohs(name.sin_port));
    fflush(stdout);
    for (;;) {
        if (modbus_tcp_accept(context, &listening) == -1)
            return 3;
        for (;;) {
            int length = modbus_receive(context, query);
            if (length == -1)
                break;
            if (length > 0)
                modbus_reply(context, query, length, map);
        }
        modbus_close(context);
    }
}
