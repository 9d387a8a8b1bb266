#include "support/raw_server.h"

#include "base/buf.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_REQUEST_BYTES = 1024 * 1024 };

struct served {
    struct raw_connection connection;
    pthread_t thread;
    bool is_open; /* the socket may be shut down */
};

struct request {
    char *bytes;
    size_t length;
};

struct raw_server {
    raw_serve *serve;
    void *context;
    int listener;
    int port;
    pthread_t accepting;
    pthread_mutex_t mutex; /* guards what follows */
    bool is_ending;
    struct served served[RAW_MOST_CONNECTIONS];
    int served_count;
    struct request requests[RAW_MOST_REQUESTS];
    int request_count;
};

static void lock(struct raw_server *server)
{
    (void)pthread_mutex_lock(&server->mutex);
}

static void unlock(struct raw_server *server)
{
    (void)pthread_mutex_unlock(&server->mutex);
}

static void give_up(const char *what)
{
    perror(what);
    abort();
}

static void *run_connection(void *context)
{
    struct served *served = context;
    struct raw_server *server = served->connection.server;
    server->serve(&served->connection);
    lock(server);
    served->is_open = false;
    (void)close(served->connection.socket);
    unlock(server);
    return NULL;
}

/* False: the server ends. */
static bool serve_socket(struct raw_server *server, int socket)
{
    lock(server);
    bool goes_on =
        !server->is_ending && server->served_count < RAW_MOST_CONNECTIONS;
    if (goes_on) {
        struct served *served = &server->served[server->served_count++];
        served->connection = (struct raw_connection){
            .server = server,
            .context = server->context,
            .socket = socket,
            .number = server->served_count,
        };
        served->is_open = true;
        if (pthread_create(&served->thread, NULL, run_connection, served) != 0)
            give_up("pthread_create");
    }
    unlock(server);
    if (!goes_on)
        (void)close(socket);
    return goes_on;
}

static void *run_accepting(void *context)
{
    struct raw_server *server = context;
    int socket;
    do {
        socket = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
    } while (socket >= 0 && serve_socket(server, socket));
    return NULL;
}

struct raw_server *raw_server_start(raw_serve *serve, void *context)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
    };
    socklen_t length = sizeof(address);
    struct raw_server *server = mem_new(sizeof(*server));
    server->serve = serve;
    server->context = context;
    (void)pthread_mutex_init(&server->mutex, NULL);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 ||
        bind(server->listener, (struct sockaddr *)&address, length) != 0 ||
        listen(server->listener, RAW_MOST_CONNECTIONS) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &length) !=
            0)
        give_up("a listening socket");
    server->port = ntohs(address.sin_port);
    if (pthread_create(&server->accepting, NULL, run_accepting, server) != 0)
        give_up("pthread_create");
    return server;
}

void raw_server_free(struct raw_server *server)
{
    lock(server);
    server->is_ending = true;
    for (int i = 0; i < server->served_count; i++) {
        if (server->served[i].is_open)
            (void)shutdown(server->served[i].connection.socket, SHUT_RDWR);
    }
    (void)shutdown(server->listener, SHUT_RDWR);
    unlock(server);
    (void)pthread_join(server->accepting, NULL);
    for (int i = 0; i < server->served_count; i++)
        (void)pthread_join(server->served[i].thread, NULL);
    (void)close(server->listener);
    for (int i = 0; i < server->request_count; i++)
        free(server->requests[i].bytes);
    (void)pthread_mutex_destroy(&server->mutex);
    free(server);
}

int raw_server_port(const struct raw_server *server)
{
    return server->port;
}

int raw_server_connections(struct raw_server *server)
{
    lock(server);
    int count = server->served_count;
    unlock(server);
    return count;
}

int raw_server_requests(struct raw_server *server)
{
    lock(server);
    int count = server->request_count;
    unlock(server);
    return count;
}

const char *raw_server_request(struct raw_server *server, int index,
                               size_t *length)
{
    const char *bytes = NULL;
    *length = 0;
    lock(server);
    if (index < server->request_count) {
        bytes = server->requests[index].bytes;
        *length = server->requests[index].length;
    }
    unlock(server);
    return bytes;
}

/* --- for serve functions ------------------------------------------------- */

static void keep_request(struct raw_server *server, struct buf *bytes)
{
    size_t length = bytes->length;
    char *kept = buf_take(bytes);
    lock(server);
    if (server->request_count == RAW_MOST_REQUESTS)
        give_up("more requests than the raw server keeps");
    server->requests[server->request_count++] =
        (struct request){.bytes = kept, .length = length};
    unlock(server);
}

/* The length of the head with its empty line; 0: not all of it is there. */
static size_t head_length(const struct buf *bytes)
{
    const char *end =
        bytes->length == 0 ? NULL : strstr(bytes->bytes, "\r\n\r\n");
    return end == NULL ? 0 : (size_t)(end - bytes->bytes) + 4;
}

static size_t body_length(const struct buf *bytes)
{
    static const char name[] = "\r\nContent-Length:";
    const char *found = strcasestr(bytes->bytes, name);
    return found == NULL ? 0 : strtoul(found + sizeof(name) - 1, NULL, 10);
}

bool raw_read_request(struct raw_connection *connection)
{
    struct buf bytes;
    buf_init(&bytes, MOST_REQUEST_BYTES);
    size_t wanted = 0; /* 0: the head's end has not come */
    while (wanted == 0 || bytes.length < wanted) {
        char byte;
        /* Byte by byte, so that nothing of the next request is taken. */
        if (recv(connection->socket, &byte, 1, 0) != 1) {
            buf_free(&bytes);
            return false;
        }
        buf_add_byte(&bytes, byte);
        if (wanted == 0 && byte == '\n' && head_length(&bytes) > 0)
            wanted = head_length(&bytes) + body_length(&bytes);
    }
    keep_request(connection->server, &bytes);
    return true;
}

void raw_send_bytes(struct raw_connection *connection, const void *bytes,
                    size_t length)
{
    const char *next = bytes;
    while (length > 0) {
        ssize_t sent = send(connection->socket, next, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        next += sent;
        length -= (size_t)sent;
    }
}

void raw_send(struct raw_connection *connection, const char *text)
{
    raw_send_bytes(connection, text, strlen(text));
}

void raw_answer_all(struct raw_connection *connection)
{
    const char *text = connection->context;
    while (raw_read_request(connection))
        raw_send(connection, text == NULL ? RAW_ACCEPTED : text);
}

void raw_reset(struct raw_connection *connection)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(connection->socket, SOL_SOCKET, SO_LINGER, &at_once,
                     sizeof(at_once));
}

void raw_wait_for_end(struct raw_connection *connection)
{
    char bytes[1024];
    while (recv(connection->socket, bytes, sizeof(bytes), 0) > 0)
        continue;
}
