// SPDX-License-Identifier: GPL-2.0
#include "pci.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "err.h"

#define PCI_BUS "pci/"
#define PCI_SYSFS "/sys/bus/pci"
#define PCI_PATH_SIZE 256
/* NVM subsystem, with NVM Express as its interface. */
#define PCI_CLASS_NVME 0x010802

#define PCI_MODPROBE "/sbin/modprobe"
#define PCI_PROBE_FAILED "probe with driver "
#define PCI_WAIT_MS 30000
#define PCI_POLL_MS 20

static int pci_write(const char *path, const char *text)
{
	size_t length = strlen(text);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, length) != (ssize_t)length)
		err = -errno;
	close(fd);
	return err;
}

static int pci_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, text, size - 1);
	close(fd);
	if (length < 0)
		return -errno;
	text[length] = '\0';
	return 0;
}

static void pci_path(char path[PCI_PATH_SIZE], const char *address,
		     const char *file)
{
	snprintf(path, PCI_PATH_SIZE, PCI_SYSFS "/devices/%s/%s", address, file);
}

static void pci_read_driver(struct pci *pci)
{
	char path[PCI_PATH_SIZE], target[PCI_PATH_SIZE];
	const char *name;
	ssize_t length;

	pci_path(path, pci->address, "driver");
	length = readlink(path, target, sizeof(target) - 1);
	target[length > 0 ? length : 0] = '\0';
	name = strrchr(target, '/');
	snprintf(pci->driver, sizeof(pci->driver), "%.*s",
		 PCI_DRIVER_SIZE - 1, name ? name + 1 : "");
}

static bool pci_is_nvme(const char *address)
{
	char path[PCI_PATH_SIZE], text[32];

	pci_path(path, address, "class");
	return !pci_read(path, text, sizeof(text)) &&
	       strtoul(text, NULL, 16) == PCI_CLASS_NVME;
}

/* Nothing else becomes part of a path. */
static bool pci_is_address(const char *text)
{
	return strlen(text) < PCI_ADDRESS_SIZE && strchr(text, ':') &&
	       !text[strspn(text, "0123456789abcdef:.")];
}

int pci_find(const char *ctrl, struct pci *pci)
{
	const char *address = ctrl + strlen(PCI_BUS);
	char path[PCI_PATH_SIZE];

	if (strncmp(ctrl, PCI_BUS, strlen(PCI_BUS)) || !pci_is_address(address))
		return err_set(EINVAL, "ctrl",
			       "'%s' is no controller's name, such as pci/0000:01:00.0",
			       ctrl);
	snprintf(pci->address, sizeof(pci->address), "%s", address);
	pci_path(path, address, "class");
	if (access(path, F_OK))
		return err_set(ENODEV, "ctrl", "there is no PCI function %s",
			       address);
	if (!pci_is_nvme(address))
		return err_set(EMEDIUMTYPE, "ctrl",
			       "%s is no NVMe controller", address);
	pci_read_driver(pci);
	return 0;
}

void pci_list(void (*call)(const char *address, void *data), void *data)
{
	DIR *folder = opendir(PCI_SYSFS "/devices");
	struct dirent *entry;

	if (!folder)
		return;
	while ((entry = readdir(folder)))
		if (pci_is_address(entry->d_name) && pci_is_nvme(entry->d_name))
			call(entry->d_name, data);
	closedir(folder);
}

/* Why is the driver's to say; nobody sees what it says here. */
static int pci_load(const char *driver)
{
	char *command[] = { PCI_MODPROBE, "-q", (char *)(uintptr_t)driver,
			    NULL };
	char path[PCI_PATH_SIZE];
	int status = -1;
	pid_t pid;

	snprintf(path, sizeof(path), PCI_SYSFS "/drivers/%s", driver);
	if (!access(path, F_OK))
		return 0;
	if (!posix_spawn(&pid, command[0], NULL, NULL, command, environ))
		waitpid(pid, &status, 0);
	if (!access(path, F_OK))
		return 0;
	return err_set(ENOENT, NULL,
		       "the module %s could not be loaded; 'modprobe %s' says why",
		       driver, driver);
}

static int pci_unbind(struct pci *pci)
{
	char path[PCI_PATH_SIZE];
	int err;

	if (!*pci->driver)
		return 0;
	pci_path(path, pci->address, "driver/unbind");
	err = pci_write(path, pci->address);
	if (err)
		return err_set(err, NULL, "%s could not be taken from %s: %s",
			       pci->address, pci->driver, strerror(-err));
	pci_read_driver(pci);
	return 0;
}

static int pci_override(const struct pci *pci, const char *driver)
{
	char path[PCI_PATH_SIZE], text[PCI_DRIVER_SIZE + 1];
	int err;

	pci_path(path, pci->address, "driver_override");
	snprintf(text, sizeof(text), "%s\n", driver);
	err = pci_write(path, text);
	return err ? err_set(err, NULL, "%s: driver_override: %s",
			     pci->address, strerror(-err)) : 0;
}

/* From here on, so that older complaints are not taken for the reason. */
static int pci_log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* The last thing that the driver said of the function, or nothing. */
static void pci_log_last(int fd, const struct pci *pci, char *text, size_t size)
{
	char record[1024], prefix[PCI_DRIVER_SIZE + PCI_ADDRESS_SIZE + 4];
	char *message;
	ssize_t length;

	*text = '\0';
	if (fd < 0)
		return;
	snprintf(prefix, sizeof(prefix), "%s %s: ", PCI_DRIVER_OURS,
		 pci->address);
	while ((length = read(fd, record, sizeof(record) - 1)) > 0) {
		record[length] = '\0';
		message = strstr(record, prefix);
		if (!message)
			continue;
		message += strlen(prefix);
		/* The driver core's, which gives no reason. */
		if (!strncmp(message, PCI_PROBE_FAILED, strlen(PCI_PROBE_FAILED)))
			continue;
		message[strcspn(message, "\n")] = '\0';
		snprintf(text, size, "%s", message);
	}
}

static int pci_bind_ours(struct pci *pci)
{
	int log = pci_log_open(), err;
	char said[256];

	err = pci_write(PCI_SYSFS "/drivers/" PCI_DRIVER_OURS "/bind",
			pci->address);
	pci_read_driver(pci);
	if (err || strcmp(pci->driver, PCI_DRIVER_OURS)) {
		pci_log_last(log, pci, said, sizeof(said));
		err = err_set(err ? err : ENODEV, NULL,
			      "nvme_vdpa does not take %s: %s", pci->address,
			      *said ? said : strerror(err ? -err : ENODEV));
	}
	if (log >= 0)
		close(log);
	return err;
}

/* Whichever driver is made for it; an answer of the bus says nothing. */
static int pci_bind_any(struct pci *pci)
{
	struct timespec pause = { .tv_nsec = PCI_POLL_MS * 1000000 };
	int waited_ms;

	pci_write(PCI_SYSFS "/drivers_probe", pci->address);
	for (waited_ms = 0; waited_ms < PCI_WAIT_MS; waited_ms += PCI_POLL_MS) {
		pci_read_driver(pci);
		if (*pci->driver)
			return 0;
		nanosleep(&pause, NULL);
	}
	return err_set(ETIMEDOUT, NULL,
		       "no driver has taken %s within %d s; see dmesg",
		       pci->address, PCI_WAIT_MS / 1000);
}

/* A ^C between two drivers would leave the function with none: it has to wait. */
static void pci_signals_block(sigset_t *before)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, before);
}

static void pci_signals_restore(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

static int pci_rebind(struct pci *pci)
{
	bool had_driver = *pci->driver;
	int err;

	err = pci_override(pci, PCI_DRIVER_OURS);
	if (err)
		return err;
	err = pci_unbind(pci);
	if (err)
		goto undo_override;
	err = pci_bind_ours(pci);
	if (err)
		goto undo_unbind;
	return 0;

undo_unbind:
	pci_override(pci, "");
	if (had_driver)
		pci_bind_any(pci);
	return err;
undo_override:
	pci_override(pci, "");
	return err;
}

int pci_take(struct pci *pci)
{
	sigset_t before;
	int err;

	err = pci_load(PCI_DRIVER_OURS);
	if (err)
		return err;
	pci_signals_block(&before);
	err = pci_rebind(pci);
	pci_signals_restore(&before);
	return err;
}

static int pci_release(struct pci *pci)
{
	int err;

	err = pci_unbind(pci);
	if (!err)
		err = pci_override(pci, "");
	return err ? err : pci_bind_any(pci);
}

int pci_give_back(struct pci *pci)
{
	sigset_t before;
	int err;

	err = pci_load(PCI_DRIVER_NVME);
	if (err)
		return err;
	pci_signals_block(&before);
	err = pci_release(pci);
	pci_signals_restore(&before);
	return err;
}
